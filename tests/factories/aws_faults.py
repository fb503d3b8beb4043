"""A fault for each rule of AWS that moto can play.

Each module of this name with an ending (`aws_faults_of_storage`) holds a list `FAULTS`; they are put together here.
"""

import importlib
import pkgutil

from tests import factories
from tests.factories.fault import Fault

MODULES = [name for _, name, _ in pkgutil.iter_modules(factories.__path__) if name.startswith("aws_faults_")]
FAULTS: list[Fault] = [fault for name in MODULES for fault in importlib.import_module(f"tests.factories.{name}").FAULTS]
