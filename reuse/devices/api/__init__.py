from reuse.devices.api import components, custody, desk, history, labels

doors = [*desk.doors, *components.doors, *custody.doors, *history.doors, *labels.doors]
