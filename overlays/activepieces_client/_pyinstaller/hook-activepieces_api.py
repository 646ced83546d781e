"""Tells PyInstaller what it cannot see: the document, and the modules that are imported by name."""  # noqa: N999 - PyInstaller chooses a hook by this name

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

datas = collect_data_files("activepieces_api")
hiddenimports = collect_submodules("activepieces_api")
