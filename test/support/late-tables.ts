import { marker, readSegments } from '../../lib/formats/jpeg/container/segments.ts';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import type { Raster } from '../../lib/pixels/raster.ts';
import { pipelineOf } from './pictures.ts';

/**
 * A JPEG that every decoder opens and the splice refuses: progressive, its quantisation tables said once more
 * between two scans, where they might be other ones.
 */
export async function lateTablesJpeg(raster: Raster): Promise<Buffer> {
  const bytes = await pipelineOf(raster).jpeg({ progressive: true }).toBuffer();
  const segments = readSegments(bytes);
  const tables = segments.filter(({ marker: code }) => code === marker.dqt);
  const second = segments.filter(({ marker: code }) => code === marker.sos)[1]!;
  const copies = tables.map(({ offset, end }) => bytes.subarray(offset, end));
  const late = Buffer.concat([bytes.subarray(0, second.offset), ...copies, bytes.subarray(second.offset)]);
  await sharp(late, { failOn: 'warning' }).raw().toBuffer();
  return late;
}
