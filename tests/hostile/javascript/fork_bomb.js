// attack: start processes without end
// stopped by: system call filter
// verdict: AC
// time: 2
const { spawnSync, fork } = require("child_process");
for (let i = 0; i < 20; i++) if (!spawnSync("/bin/sh", ["-c", "echo BROKEN"]).error) console.log("BROKEN");
try {
  fork("solution.js").on("error", () => {}).on("spawn", () => console.log("BROKEN fork"));
} catch (refused) {}
setTimeout(() => console.log("held"), 50);
