/** EXIF with a description in the first directory, and a second directory that holds a thumbnail. */
export function exifWithThumbnail(): Buffer {
  const thumbnail = Buffer.from('THUMBNAIL-OF-THE-REMOVED-OBJECT!');
  const tiff = Buffer.alloc(100 + thumbnail.length);
  tiff.write('II*\0', 'latin1');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(1, 8);
  const entry = (at: number, tag: number, type: number, count: number, value: number) => {
    tiff.writeUInt16LE(tag, at);
    tiff.writeUInt16LE(type, at + 2);
    tiff.writeUInt32LE(count, at + 4);
    tiff.writeUInt32LE(value, at + 8);
  };
  entry(10, 0x010e, 2, 4, 0x00736579);
  tiff.writeUInt32LE(26, 22);
  tiff.writeUInt16LE(3, 26);
  entry(28, 0x0103, 3, 1, 6);
  entry(40, 0x0201, 4, 1, 100);
  entry(52, 0x0202, 4, 1, thumbnail.length);
  thumbnail.copy(tiff, 100);
  return tiff;
}
