import { expect, test } from 'vitest';
import { EditError } from '../../lib/errors.ts';
import { jsonLog } from '../../lib/log.ts';

function written(options: Parameters<typeof jsonLog>[0] = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = jsonLog({ ...options, stream: { write: (line) => void lines.push(JSON.parse(line)) } });
  return { log, lines };
}

test('writes severity, message, time and fields', () => {
  const { log, lines } = written();
  log.info('one', { ms: 3 });
  log.warn('two');
  log.error('three');
  expect(lines.map(({ severity, message }) => [severity, message])).toEqual([
    ['INFO', 'one'],
    ['WARNING', 'two'],
    ['ERROR', 'three'],
  ]);
  expect(lines[0]).toEqual({ severity: 'INFO', message: 'one', ms: 3, time: expect.any(String) });
});

test('writes the job as a label too', () => {
  const { log, lines } = written();
  log.info('Job published', { job: '0123456789abcdef' });
  expect(lines[0]).toMatchObject({
    job: '0123456789abcdef',
    'logging.googleapis.com/labels': { job: '0123456789abcdef' },
  });
});

test('writes an error for Error Reporting: the stack of its innermost cause, and the service', () => {
  const { log, lines } = written({ service: { name: 'edit', version: 'edit-00007' } });
  const cause = new TypeError('undefined is not a function');
  log.error('edit failed', { error: new EditError('INTERNAL', 'Expected better', { cause }) });
  expect(lines[0]).toMatchObject({
    '@type': 'type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent',
    message: 'edit failed',
    stack_trace: expect.stringMatching(/^TypeError: undefined is not a function\n\s+at /),
    serviceContext: { service: 'edit', version: 'edit-00007' },
  });
  expect(lines[0]).not.toHaveProperty('error');
});

test('reports an error once, however often it is wrapped and logged', () => {
  const { log, lines } = written();
  const origin = new TypeError('undefined is not a function');
  const job = new EditError('INTERNAL', 'Expected better', { cause: origin });
  log.error('Job put off', { error: job });
  log.error('runJob failed', { error: new EditError('INTERNAL', 'Expected better', { cause: job }) });
  expect(lines[0]).toMatchObject({ stack_trace: expect.stringMatching(/^TypeError/) });
  expect(lines[1]).toMatchObject({ severity: 'ERROR', message: 'runJob failed' });
  expect(lines[1]).not.toHaveProperty('@type');
});

test('reports no error for a line without one', () => {
  const { log, lines } = written();
  log.error('Job put off', { code: 'MODEL_RETIRED' });
  expect(lines[0]).not.toHaveProperty('@type');
});
