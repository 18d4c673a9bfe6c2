import { expect, it } from 'vitest';
import { cursorStep } from '../../../src/client/cursor-step.js';

it.each([
  ['e:0', 'e:1', 'next'],
  ['e:9', 'e:10', 'next'],
  ['e:5', 'e:5', 'old'],
  ['e:5', 'e:4', 'old'],
  ['e:5', 'e:7', 'gap'],
  ['e:5', 'f:6', 'gap'],
  [undefined, 'e:1', 'gap'],
  ['e:5', 'nonsense', 'gap'],
])('from %s, the event at %s is %s', (here, there, step) => {
  expect(cursorStep(here, there)).toBe(step);
});
