const lines = require("readline").createInterface({ input: process.stdin });
let low = 1, high = 1000;
const middle = () => Math.floor((low + high) / 2);
lines.on("line", (answer) => {
  if (answer === "right") process.exit();
  if (answer === "lower") high = middle() - 1;
  else low = middle() + 1;
  console.log(middle());
});
console.log(middle());
