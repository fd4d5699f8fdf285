/** The term for a picture that a model changed. @see https://cv.iptc.org/newscodes/digitalsourcetype/ */
export const compositeWithTrainedModel =
  'http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia';
const iptcNamespace = 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/';
const property = 'Iptc4xmpExt:DigitalSourceType';

/** Decodes an XMP packet; `undefined` when it is not UTF-8. */
export function packetText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Makes a packet that holds the source type only. */
export function newPacket(): string {
  const id = 'W5M0MpCehiHzreSzNTczkc9d';
  return (
    `<?xpacket begin="\ufeff" id="${id}"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ` +
    `xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""${attributes('')}/>` +
    `</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
  );
}

function attributes(tag: string): string {
  const declaration = tag.includes('xmlns:Iptc4xmpExt=') ? '' : ` xmlns:Iptc4xmpExt="${iptcNamespace}"`;
  return `${declaration} ${property}="${compositeWithTrainedModel}"`;
}

/**
 * Sets the source type: replaces an existing value, or adds an attribute to the first description. All other
 * characters stay. The padding at the end of the packet shrinks by as much, so that the length stays if
 * possible.
 *
 * @returns `undefined` when the packet is not RDF.
 */
export function packetWithSourceType(packet: string): string | undefined {
  const asAttribute = new RegExp(`(${property}\\s*=\\s*)(?:"[^"<]*"|'[^'<]*')`);
  const asElement = new RegExp(`(<${property}\\s*>)[^<]*(</${property}\\s*>)`);
  let changed: string;
  if (asAttribute.test(packet)) changed = packet.replace(asAttribute, `$1"${compositeWithTrainedModel}"`);
  else if (asElement.test(packet)) changed = packet.replace(asElement, `$1${compositeWithTrainedModel}$2`);
  else if (description.test(packet))
    changed = packet.replace(
      description,
      (tag) => openDescription + attributes(tag) + tag.slice(openDescription.length),
    );
  else return undefined;
  return takeFromPadding(changed, changed.length - packet.length);
}

/** Removes reserved blanks before the end of the packet. @see XMP specification part 1, 7.3. */
function takeFromPadding(packet: string, length: number): string {
  const end = packet.lastIndexOf('<?xpacket end');
  if (end < 0 || length <= 0) return packet;
  let from = end;
  while (from > 0 && end - from < length && /\s/.test(packet[from - 1]!)) from--;
  return packet.slice(0, from) + packet.slice(end);
}

const openDescription = '<rdf:Description';
/** The whole start tag; attribute values may contain ">". */
const description = /<rdf:Description(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*\/?>/;

/** Attributes of gain maps and motion photos. */
const staleAttribute = /\s(?:hdrgm:|GCamera:MotionPhoto|GCamera:MicroVideo)\w*\s*=\s*(?:"[^"<]*"|'[^'<]*')/g;
/** Elements that list pictures which are gone, or hold thumbnails that show what was removed. */
const staleElements = ['Container:Directory', 'xmp:Thumbnails'];

function withoutElement(packet: string, name: string): string {
  const kept: string[] = [];
  let at = 0;
  for (;;) {
    const from = packet.indexOf(`<${name}>`, at);
    const to = from < 0 ? -1 : packet.indexOf(`</${name}>`, from);
    if (to < 0) break;
    kept.push(packet.slice(at, from));
    at = to + name.length + 3;
  }
  return kept.join('') + packet.slice(at);
}

/** Removes gain map, motion photo, container directory and thumbnails, if there are any. */
export function packetWithoutStale(packet: string): string {
  return staleElements.reduce(withoutElement, packet.replace(staleAttribute, ''));
}
