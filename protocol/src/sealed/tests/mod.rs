mod envelope;
mod registers;
