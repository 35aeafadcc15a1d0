"""Seeds, features, teachers and students."""
