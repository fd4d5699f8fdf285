const maxStemChars = 100;

/**
 * The name of a file as callers have it -> one that is safe in a folder: without folders, control characters,
 * signs that systems forbid in names, and dots in front.
 */
export function safeName(fileName: string, fallback = 'picture'): string {
  const base = fileName.toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const at = base.lastIndexOf('.');
  const [stem, extension] = at <= 0 ? [base, ''] : [base.slice(0, at), base.slice(at)];
  const clean = (text: string) => text.replaceAll(/[\p{Cc}\p{Cf}<>:"|?*]/gu, '_').replace(/^[.\s]+/, '');
  const short = [...clean(stem)].slice(0, maxStemChars).join('') || fallback;
  return extension === '' ? short : `${short}.${clean(extension.slice(1))}`;
}
