from reuse.devices.api import custody, desk, history, labels

doors = [*desk.doors, *custody.doors, *history.doors, *labels.doors]
