import { english, type Texts } from './texts.en.ts';

const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];
const key = 'language';

/** The texts in the language of the page. Read them when they are shown, not when a module is loaded. */
export let texts: Texts = english;
export let language: Language = 'en';

const known = (tag: string | null): Language | undefined =>
  languages.find((each) => tag?.toLowerCase().startsWith(each));

/** The language that was chosen here, else the first one of the browser that the page has. */
export async function chooseLanguage(): Promise<void> {
  const wanted = [localStorage.getItem(key), ...navigator.languages];
  language = wanted.map(known).find((each) => each !== undefined) ?? 'en';
  document.documentElement.lang = language;
  if (language === 'de') texts = (await import('./texts.de.ts')).german;
  document.title = texts.title;
}

/** The page begins anew in the other language; what was opened comes back. */
export function nextLanguage(): void {
  localStorage.setItem(key, language === 'en' ? 'de' : 'en');
  location.reload();
}

export const grouped = (count: number): string => count.toLocaleString(language);
/** With one decimal. */
export const decimal = (value: number): string =>
  value.toLocaleString(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
