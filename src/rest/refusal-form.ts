import { type Problem } from './problem.js';

/** How refusals are written at some of the addresses. */
export interface RefusalForm {
  readonly contentType: string;
  /** `path` has no query. */
  speaksAt(path: string): boolean;
  write(problem: Problem): unknown;
}
