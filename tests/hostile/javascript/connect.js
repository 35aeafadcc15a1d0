// attack: reach servers on the judge's loopback, listen, send datagrams
// stopped by: system call filter; network namespace
// verdict: AC
// time: 2
const net = require("net");
const broken = (what) => () => console.log("BROKEN " + what);
net.connect(80, "127.0.0.1", broken("tcp")).on("error", () => {});
net.createServer().on("error", () => {}).listen(0, broken("listen"));
net.createServer().on("error", () => {}).listen("\0stepsmith-hostile", broken("unix"));
require("dgram").createSocket("udp4").on("error", () => {}).bind(0, broken("udp"));
setTimeout(() => {
  console.log("held");
  process.exit();
}, 100);
