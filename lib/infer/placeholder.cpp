// Keeps the library linkable until the room has its first source.
