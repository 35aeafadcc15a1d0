"""Making problems: seeds, features, teachers and students."""
