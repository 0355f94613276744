import { relative } from 'node:path';

/** A path as it is told to somebody who works in this folder. */
export const shownFile = (path: string): string => relative(process.cwd(), path) || '.';
