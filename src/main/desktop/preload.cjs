// Runs in the page's process, sandboxed, before the page: all it hands over is one function. It never exposes `ipcRenderer`
// itself (Electron's security checklist, 20). A sandboxed preload script must be CommonJS and can import nothing of ours, hence the
// names written out; a test compares them with src/shared/desktop-api.ts.
const { contextBridge, ipcRenderer } = require('electron');

contextBridge.exposeInMainWorld('llavoltaDesktop', {
  chooseFolder: () => ipcRenderer.invoke('desktop:choose-folder'),
});
