/** The headers of the event of an object of the bucket `input`, as Eventarc sends them. */
export const eventHeaders = (name: string): Record<string, string> => ({
  'content-type': 'application/json',
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-type': 'google.cloud.storage.object.v1.finalized',
  'ce-source': '//storage.googleapis.com/projects/_/buckets/input',
  'ce-subject': `objects/${encodeURIComponent(name)}`,
  'ce-time': new Date().toISOString(),
});

/** Delivers the event of an object of the bucket `input`, as Eventarc does. */
export async function deliverUpload(
  url: string,
  object: { readonly name: string; readonly generation: string },
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...eventHeaders(object.name), ...headers },
    body: JSON.stringify({ bucket: 'input', ...object }),
  });
  return response.status;
}
