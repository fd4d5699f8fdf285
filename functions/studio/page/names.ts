/** The name under which a result is saved: `NAME.edited.EXT`. */
export function editedName(name: string, mediaType: string): string {
  const stem = name.replace(/\.[^.]*$/, '');
  const extension =
    /\.jpeg$/i.test(name) && mediaType === 'image/jpeg' ? 'jpeg' : (extensions[mediaType] ?? 'bin');
  return `${stem}.edited.${extension}`;
}

const extensions: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/tiff': 'tif',
};
