import { readCapabilities } from './api.ts';
import { startStudio } from './studio.ts';
import { texts } from './texts.en.ts';
import { rememberTheme } from './theme.ts';

rememberTheme();
try {
  startStudio(await readCapabilities());
} catch {
  const message = document.createElement('p');
  message.className = 'lost';
  message.setAttribute('role', 'alert');
  message.textContent = texts.lost;
  document.body.append(message);
}
