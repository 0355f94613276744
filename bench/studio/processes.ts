/** What processes take, as Linux tells it in /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts processor time for programs in hundredths of a second. */
const TICKS_PER_SECOND = 100;
const PARENT_FIELD = 1;
const [USER_FIELD, SYSTEM_FIELD] = [11, 12];

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The process has gone meanwhile.
    return undefined;
  }
}

/** Fields of /proc/PID/stat behind the name, which may hold spaces and brackets itself. */
function statOf(pid: number): string[] {
  const text = textOf(`/proc/${pid}/stat`) ?? '';
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A process and all that it has started, directly or not. */
export function familyOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const children = new Map<number, number[]>();
  for (const child of all.map(Number)) {
    const parent = Number(statOf(child)[PARENT_FIELD]);
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const family = [pid];
  // The list grows while it is walked through.
  for (const member of family) family.push(...(children.get(member) ?? []));
  return family;
}

/** The command that a process was started with; empty where it has gone. */
export const commandOf = (pid: number): string => (textOf(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ');

/** Bytes of memory that processes hold. Pages that two of them share count twice. */
export function residentBytes(pids: readonly number[]): number {
  const each = pids.map((pid) => /^VmRSS:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`) ?? '')?.[1] ?? 0);
  return 1024 * each.reduce<number>((sum, kilobytes) => sum + Number(kilobytes), 0);
}

/** Seconds of processor time that a process has taken, in all of its threads; children are not counted. */
export function processorSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[USER_FIELD] ?? 0) + Number(fields[SYSTEM_FIELD] ?? 0)) / TICKS_PER_SECOND;
}
