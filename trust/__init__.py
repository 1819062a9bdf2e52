"""What a message or a document from outside is worth: who sent it, who signed it, whether anybody changed it since."""
