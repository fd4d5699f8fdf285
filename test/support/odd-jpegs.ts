/**
 * JPEGs as cameras and editors write them: more than encoders of libraries put between blocks and markers.
 * Each function changes a good file, and returns it as it is when it has no place for the change.
 */
const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

/** Changes what begins with the first scan. */
function inScans(bytes: Uint8Array, change: (scans: string) => string): Buffer {
  const text = latin(bytes);
  const at = text.indexOf('\xff\xda') + 2;
  return bytesOf(text.slice(0, at) + change(text.slice(at)));
}

const beforeEnd = (inserted: string) => (bytes: Uint8Array) =>
  bytesOf(latin(bytes).replace(/\xff\xd9$/, `${inserted}\xff\xd9`));

/** What decoders accept without a word. */
export const silentOddities: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  'a restart marker behind the last block': beforeEnd('\xff\xd3'),
  'fill bytes before the end marker': beforeEnd('\xff\xff\xff'),
  'fill bytes before every marker': (bytes) =>
    inScans(bytes, (scans) => scans.replace(/\xff[\xd0-\xd7\xc4\xda\xd9]/g, '\xff\xff$&')),
  'restart markers behind every scan': (bytes) =>
    inScans(bytes, (scans) => scans.replace(/\xff[\xc4\xd9]/g, '\xff\xd0\xff\xff\xd1$&')),
};

/** Bytes that do not belong there: decoders warn. */
export const withBytesBeforeEnd = (count: number) => beforeEnd('x'.repeat(count));
export const withBytesInHeader = (bytes: Uint8Array) =>
  bytesOf(latin(bytes).replace('\xff\xdb', 'extraneous\xff\xdb'));
