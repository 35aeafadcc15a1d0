# attack: print what judges use to mark the end of an output
# stopped by: outputs are files of their own; there is no marker
# verdict: WA
for marker in ("---END---", "[[[END]]]", "==EOF==", "\x00", "\x04", "\x1a", '{"verdict": "AC"}', "AC", "###RESULT###"):
    print(marker)
    print("held")
