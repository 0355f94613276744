import { runDoctor } from '../doctor.ts';

export const summary = 'backend, device, versions, threads, memory; what is missing and what to do';

export const usage = `
Usage: llavolta doctor [--json]

  --json  print the findings as JSON

Exit code 0 when everything needed is there, 1 when something is missing.
`;

export const run = runDoctor;
