import { expect, it } from 'vitest';
import { readCommandLine } from '../../../deploy/local/command-line.ts';

it('reads options over variables; an empty variable counts as unset', () => {
  const args = ['--engine', 'gemini', '--model', 'some', '--queue'];
  expect(readCommandLine(args, { PORT: '', ENGINE: 'imagen' })).toEqual({
    ...{ isHelp: false, hasQueue: true, port: 8080 },
    environment: { PORT: '', ENGINE: 'gemini', MODEL: 'some' },
  });
  expect(readCommandLine(['--help'], { PORT: '0' })).toMatchObject({ isHelp: true, port: 0 });
});

it.each([
  [['--enigne', 'gemini'], {}, /--enigne.*Usage: npm start/s],
  [['--model'], {}, /--model.*Usage: npm start/s],
  [['photo.jpg'], {}, /photo.jpg.*Usage: npm start/s],
  [['--model', 'some'], {}, /--engine beside --model some/],
  [[], { PORT: 'abc' }, /Expected PORT.*got abc/],
  [[], { PORT: '65535' }, /Expected PORT.*got 65535/],
  [[], { PORT: '80.5' }, /Expected PORT.*got 80.5/],
])('refuses %j with %j in words', (args, environment, message) => {
  expect(() => readCommandLine(args, environment)).toThrow(message);
});
