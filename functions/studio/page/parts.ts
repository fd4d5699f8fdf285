import type { Album } from './album.ts';
import type { Capabilities } from './answers.ts';
import type { Change, Editor } from './editor.ts';
import type { Extract } from './extract.ts';
import type { Facts } from './facts.ts';
import type { Form } from './form.ts';
import type { Page } from './page.ts';
import type { Problems } from './problems.ts';
import type { Results } from './results.ts';
import type { Runner } from './run.ts';
import type { Runs } from './runs.ts';
import type { Session } from './session.ts';
import type { Stage } from './stage.ts';
import type { Strokes } from './strokes.ts';
import type { Toolbar } from './toolbar.ts';

/** Every part of the page; each knows only those it is given. */
export interface Studio {
  readonly capabilities: Capabilities;
  readonly session: Session;
  readonly editor: Editor;
  readonly stage: Stage;
  readonly strokes: Strokes;
  readonly toolbar: Toolbar;
  readonly album: Album;
  readonly extract: Extract;
  readonly form: Form;
  readonly problems: Problems;
  readonly facts: Facts;
  readonly results: Results;
  readonly runs: Runs;
  readonly runner: Runner;
  readonly page: Page;
  readonly changed: (change: Change) => void;
}
