"""The judge over HTTP: its own API, and drop-in ones for clients of code-judge, SandboxFusion and Piston."""
