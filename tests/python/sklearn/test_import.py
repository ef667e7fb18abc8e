"""Nobody who does not want scikit-learn loads it."""

import subprocess
import sys


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_the_package_does_not_load_it():
    assert run("import sys, hlmrs; assert 'sklearn' not in sys.modules").returncode == 0


def test_who_lacks_it_is_told_how_to_get_it():
    found = run("import sys; sys.modules['sklearn'] = None; import hlmrs; hlmrs.sklearn")
    assert "ImportError: hlmrs.sklearn needs scikit-learn" in found.stderr
    assert "pip install 'hlmrs[sklearn]'" in found.stderr
