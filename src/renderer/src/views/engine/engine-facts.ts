/** What the Engine screen tells, as names and values. */
import type { EngineAnswer } from '../../../../shared/api/engine.ts';
import type { Session } from '../../../../shared/api/session.ts';
import { formatBytes, formatMs } from '../../format.ts';

export interface Fact {
  readonly key: string;
  readonly label: string;
  readonly value: string;
}

/** Nothing where TensorFlow does not run. */
export function engineFacts({ diagnosis }: EngineAnswer): Fact[] {
  if ('error' in diagnosis) return [];
  const { backend, device, versions, threads, memory, startMs } = diagnosis.report;
  return [
    { key: 'device', label: 'Device', value: `${device}, ${threads} threads` },
    { key: 'tensorflow', label: 'TensorFlow', value: `${versions.tensorflow}, backend ${backend}` },
    { key: 'tfjs', label: 'TensorFlow.js', value: `${versions.tfjs}, addon ${versions.tfjsNode}` },
    { key: 'memory', label: 'Idle memory', value: `${formatBytes(memory.resident)} resident` },
    { key: 'start', label: 'Starts in', value: formatMs(startMs) },
  ];
}

export function machineFacts({ machine }: EngineAnswer): Fact[] {
  return [
    { key: 'platform', label: 'System', value: machine.platform },
    { key: 'processor', label: 'Processor', value: `${machine.processor}, ${machine.cores} cores` },
    {
      key: 'memory',
      label: 'Memory',
      value: `${formatBytes(machine.freeMemoryBytes)} free of ${formatBytes(machine.memoryBytes)}`,
    },
    { key: 'node', label: 'Node', value: machine.node },
  ];
}

export function studioFacts({ version, workspace, root }: Session): Fact[] {
  return [
    { key: 'version', label: 'Version', value: version },
    { key: 'workspace', label: 'Workspace', value: workspace },
    { key: 'root', label: 'Files from', value: root },
  ];
}
