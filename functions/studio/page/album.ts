import { el, iconButton } from './dom.ts';
import type { Photo, Session } from './session.ts';
import { texts } from './texts.ts';

interface AlbumActions {
  readonly choose: (photo: Photo) => void;
  readonly close: (photo: Photo) => void;
  readonly add: () => void;
  /** Gives the mask of the current photo to all others of its size. */
  readonly shareMask: () => void;
}

export interface Album {
  readonly element: HTMLElement;
  readonly update: () => void;
}

/** The photos that are open, as a strip above the picture; hidden for a single one. */
export function createAlbum(session: Session, actions: AlbumActions): Album {
  const thumbs = new Map<string, HTMLElement>();
  const list = el('div', { class: 'thumbs', attributes: { role: 'group', 'aria-label': texts.photos } });
  const share = el('button', {
    class: 'text',
    text: texts.maskForAll,
    attributes: { type: 'button' },
    on: { click: actions.shareMask },
  });
  const add = iconButton({ icon: 'plus', label: texts.addPhoto, press: actions.add });
  const close = iconButton({
    icon: 'cross',
    label: texts.closePhoto,
    press: () => session.current && actions.close(session.current),
  });
  const element = el('div', { class: 'album' }, list, add, share, close);
  const update = () => {
    const { photos, current } = session;
    for (const id of thumbs.keys()) if (!photos.some((photo) => photo.id === id)) thumbs.delete(id);
    for (const photo of photos) {
      const thumb = thumbs.get(photo.id) ?? thumbOf(photo, actions.choose);
      thumb.setAttribute('aria-pressed', String(photo === current));
      thumbs.set(photo.id, thumb);
    }
    // Only what changed is moved: a button that is moved loses the focus.
    const wanted = photos.map(({ id }) => thumbs.get(id)!);
    if (wanted.some((thumb, at) => list.children[at] !== thumb) || list.children.length !== wanted.length) {
      list.replaceChildren(...wanted);
    }
    element.hidden = photos.length < 2;
  };
  return { element, update };
}

const thumbPx = 96;

function thumbOf(photo: Photo, choose: (photo: Photo) => void): HTMLElement {
  const { name } = photo.file;
  const canvas = el('canvas', { attributes: { width: String(thumbPx), height: String(thumbPx) } });
  void drawThumb(canvas, photo.file);
  return el(
    'button',
    {
      class: 'thumb',
      attributes: { type: 'button', 'aria-label': name, title: name },
      on: { click: () => choose(photo) },
    },
    canvas,
  );
}

/** The middle of the photo; nothing where the browser cannot show it. */
async function drawThumb(canvas: HTMLCanvasElement, file: File): Promise<void> {
  const bitmap = await createImageBitmap(file, { resizeHeight: thumbPx, resizeQuality: 'low' }).catch(
    () => undefined,
  );
  if (bitmap === undefined) return;
  const scale = Math.max(1, thumbPx / bitmap.width);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  canvas.getContext('2d')!.drawImage(bitmap, (thumbPx - width) / 2, (thumbPx - height) / 2, width, height);
  bitmap.close();
}
