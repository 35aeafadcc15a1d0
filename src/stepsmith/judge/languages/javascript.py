"""JavaScript, run by Node. Programs are CommonJS modules: they ``require`` what they use, as contest programs do."""

from stepsmith.judge.languages.language import Interpreted

# By default V8 ends a recursion after about 10,000 calls. Here the memory limit bounds the stack.
STACK_KB = 65_500
_SETTINGS = ("--openssl-config=/dev/null",)  # Node does not start where it may not read the usual file

JAVASCRIPT = Interpreted(
    name="javascript",
    aliases=("js", "node", "nodejs"),
    endings=(".js", ".cjs"),
    tool="node",
    package="nodejs",
    check=(*_SETTINGS, "--check"),
    run=(*_SETTINGS, "--max-old-space-size={memory_mb}", f"--stack-size={STACK_KB}"),
    time_factor=2.0,
    runtime_mb=64,  # an empty program takes 41 MB
    reserve_mb=1536,
    out_of_memory="heap out of memory|Fatal process OOM|Array buffer allocation failed",
)
