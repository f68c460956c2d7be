"""What every test may lean on: the repository's root on the path, and a catalogue that is current."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
