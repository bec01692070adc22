"""Real MQTT clients: one story that all of them tell to the embedded broker, and an adapter for each library."""
