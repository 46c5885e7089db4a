"""Messages between processes: Kombu over an embedded queue or a broker, and a bell."""
