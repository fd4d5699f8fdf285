import { listenToLeaving, ProblemError, readCapabilities } from './api.ts';
import { startStudio } from './studio.ts';
import { chooseLanguage, texts } from './texts.ts';
import { rememberTheme } from './theme.ts';

listenToLeaving();
rememberTheme();
await chooseLanguage();
try {
  startStudio(await readCapabilities());
} catch (error) {
  const message = document.createElement('p');
  message.className = 'lost';
  message.setAttribute('role', 'alert');
  message.textContent = error instanceof ProblemError ? error.message : texts.lost;
  document.body.append(message);
}
