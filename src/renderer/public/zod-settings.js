// Read by zod when it loads. Without it zod tries at once whether it may compile its checks, which the page's policy refuses and reports.
globalThis.__zod_globalConfig = { jitless: true };
