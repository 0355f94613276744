import { fileURLToPath } from 'node:url';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobFailure, runEngineJob, type JobMessage, type PlainJob } from '../../../src/main/studio/engine-job.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const SMALL_CASE = fileURLToPath(new URL('../../golden/small-case', import.meta.url));

async function messagesOf(job: PlainJob, signal?: AbortSignal, entry?: string): Promise<JobMessage[]> {
  const messages: JobMessage[] = [];
  for await (const message of runEngineJob(job, signal, entry)) messages.push(message);
  return messages;
}

/** A program in place of the engine's. */
function program(code: string): string {
  const file = join(temporaryFolder(), 'engine.mjs');
  writeFileSync(file, code);
  return file;
}

const JOB = { kind: 'verify', folder: SMALL_CASE } as const;
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a job in an engine process', () => {
  it('tells what it finds and ends', async () => {
    const messages = await messagesOf(JOB);
    expect(new Set(messages.map(({ type }) => type))).toEqual(new Set(['check']));
    expect(messages.length).toBeGreaterThan(20);
  });

  it('fails with the reason where its input is wrong', async () => {
    const folder = temporaryFolder();
    const failure = messagesOf({ kind: 'verify', folder });
    await expect(failure).rejects.toThrow(JobFailure);
    await expect(failure).rejects.toThrow(`${folder}: holds no case.json`);
  });

  it('fails where the process dies without a word', async () => {
    await expect(messagesOf(JOB, undefined, program('process.exit(7)'))).rejects.toThrow('exit code 7');
    await expect(messagesOf(JOB, undefined, program("process.kill(process.pid, 'SIGSEGV')"))).rejects.toThrow(
      'native code',
    );
  });

  it('is ended when nobody reads on', async () => {
    const hanging = program(
      "process.on('message', () => process.send({ type: 'log', level: 'info', text: String(process.pid) }));" +
        "process.send({ type: 'ready', pid: process.pid }); setInterval(() => {}, 1000);",
    );
    let pid = 0;
    for await (const message of runEngineJob(JOB, undefined, hanging)) {
      if (message.type === 'log') pid = Number(message.text);
      break;
    }
    await expect.poll(() => alive(pid)).toBe(false);
  });

  it('is told to stop when it is no longer wanted', async () => {
    const obedient = program(
      "process.on('message', ({ type }) => { process.send({ type: 'log', level: 'info', text: type });" +
        "if (type === 'stop') { process.send({ type: 'done' }, () => process.exit(0)); } });" +
        "process.send({ type: 'ready', pid: process.pid });",
    );
    const controller = new AbortController();
    const texts: string[] = [];
    for await (const message of runEngineJob(JOB, controller.signal, obedient)) {
      if (message.type === 'log') texts.push(message.text);
      controller.abort();
    }
    expect(texts).toEqual(['start', 'stop']);
  });
});
