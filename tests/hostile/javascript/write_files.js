// attack: write wherever a program might write
// stopped by: Landlock, and a read-only root
// verdict: AC
// time: 2
const fs = require("fs");
for (const folder of [".", "/tmp", "/var/tmp", "/dev/shm", "/", "/run", "/usr/lib"])
  for (const attack of [
    () => fs.writeFileSync(folder + "/stepsmith-hostile-x", "x"),
    () => fs.mkdirSync(folder + "/stepsmith-hostile-y"),
    () => fs.symlinkSync("/etc", folder + "/stepsmith-hostile-z"),
  ])
    try {
      attack();
      console.log("BROKEN " + folder);
    } catch (refused) {}
console.log("held");
