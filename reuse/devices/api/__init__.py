from reuse.devices.api import desk, history, labels

doors = [*desk.doors, *history.doors, *labels.doors]
