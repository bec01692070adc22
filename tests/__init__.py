"""The tests. A package by name, for gmqtt installs another one called `tests`, which would come before a bare folder."""
