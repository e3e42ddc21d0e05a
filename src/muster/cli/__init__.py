"""The command line: commands and nothing else.

It is the outermost layer, above `bootstrap`, because options decide what `bootstrap` builds. Commands import
`bootstrap` inside their functions, so that `--help` and usage errors respond without loading the rest.
"""
