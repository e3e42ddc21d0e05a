"""The command line. It gets the parts from `bootstrap`, so it stands outside of all rooms.

It is the outermost layer and not a room beside `web`: what is put together depends on options that only it has read.
`bootstrap` is imported inside of the commands, so that `--help` and a mistyped command answer without loading the rest.
"""
