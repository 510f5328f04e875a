"""What several machines share: a folder or a bucket of objects, through universal-pathlib.

Three kinds of objects lie there: `objects/` the content of files, named by its hash; `index/` what artifacts and notes
there are; `rows/` what was added to files of rows (journals, ledger, verdicts). An object is written whole or not at
all, and only those of `index/` are ever replaced.
"""
