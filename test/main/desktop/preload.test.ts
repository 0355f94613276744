import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { expect, it, vi } from 'vitest';
import { CHOOSE_FOLDER_CHANNEL, DESKTOP_API } from '../../../src/shared/desktop-api.ts';

it('the preload script hands the page one function, by the names that the shell knows', () => {
  const source = readFileSync(new URL('../../../src/main/desktop/preload.cjs', import.meta.url), 'utf8');
  const contextBridge = { exposeInMainWorld: vi.fn<(name: string, api: Record<string, () => unknown>) => void>() };
  const ipcRenderer = { invoke: vi.fn(() => '/data') };
  const required: string[] = [];
  runInNewContext(source, {
    require: (name: string) => {
      required.push(name);
      return { contextBridge, ipcRenderer };
    },
  });
  expect(required).toEqual(['electron']);
  const [[name, api] = ['', {}]] = contextBridge.exposeInMainWorld.mock.calls;
  expect(contextBridge.exposeInMainWorld).toHaveBeenCalledOnce();
  expect(name).toBe(DESKTOP_API);
  expect(Object.keys(api)).toEqual(['chooseFolder']);
  expect(api['chooseFolder']?.()).toBe('/data');
  expect(ipcRenderer.invoke.mock.calls).toEqual([[CHOOSE_FOLDER_CHANNEL]]);
});
