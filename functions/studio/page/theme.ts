/** Colours as the system has them, or as people chose them here. */
const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const key = 'theme';

function current(): Theme {
  const stored = localStorage.getItem(key);
  return themes.find((theme) => theme === stored) ?? 'system';
}

function apply(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
}

export const rememberTheme = (): void => apply(current());

export function nextTheme(): void {
  const theme = themes[(themes.indexOf(current()) + 1) % themes.length] ?? 'system';
  localStorage.setItem(key, theme);
  apply(theme);
}
